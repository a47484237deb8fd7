namespace Starling.Transport.Tls;

/// <summary>
/// What an operator asked for cannot be encrypted with: a file that is not there, a key that does not fit, a cipher that nobody
/// knows.
/// </summary>
/// <param name="message">What is wrong with it, for the log.</param>
public sealed class TlsException(string message) : Exception(message);
