#!/usr/bin/env bash
# build.sh TARGET [arguments]: sets up what a fresh Debian or Ubuntu lacks, then runs a target of build.cake.
#   ./build.sh Run [starling cluster up's options]      a local cluster of three masters and three replicas
#   ./build.sh Test                                     everything that is checked: format, build, tests
#   ./build.sh Build | Format | Publish | Bench | Micro | Simulate | Soak --seed N --count M
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

target=${1:-Test}
[ $# -gt 0 ] && shift

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_CLI_UI_LANGUAGE=en
[ -d .dotnet ] && export DOTNET_ROOT="$PWD/.dotnet" PATH="$PWD/.dotnet:$PATH"

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

apt_updated=no
apt_install() {
    command -v apt-get >/dev/null || { echo "build.sh: please install: $*" >&2; exit 1; }
    if [ "$apt_updated" = no ]; then as_root apt-get update -qq; apt_updated=yes; fi
    # A package that brings a service must not start it: the tests start the servers that they need.
    DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 as_root apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

need() { # command, package...
    local command=$1; shift
    command -v "$command" >/dev/null || { echo "build.sh: installing $*"; apt_install "$@"; }
}

need_python_module() { # module, package...
    local module=$1; shift
    /usr/bin/python3 -c "import $module" 2>/dev/null || { echo "build.sh: installing $*"; apt_install python3 "$@"; }
}

# Containers often refuse io_uring: the tests are told so, and then check what the server does without it.
note_io_uring() {
    /usr/bin/python3 - <<'PYTHON' && return
import ctypes, struct, sys
parameters = ctypes.create_string_buffer(struct.pack('<3I', 0, 0, 1 << 7), 120)
sys.exit(ctypes.CDLL(None).syscall(425, 4, parameters) < 0)
PYTHON
    echo "build.sh: the kernel refuses io_uring here; its tests check the server without it"
    export STARLING_WITHOUT_IO_URING=1
}

have_sdk() { command -v dotnet >/dev/null && dotnet --list-sdks 2>/dev/null | grep -q '^10\.'; }

ensure_sdk() {
    have_sdk && return
    echo "build.sh: installing the .NET 10 SDK"
    if command -v apt-get >/dev/null; then
        as_root apt-get update -qq && apt_updated=yes
        if apt-cache show dotnet-sdk-10.0 >/dev/null 2>&1; then apt_install dotnet-sdk-10.0; fi
    fi
    have_sdk && return
    need curl curl ca-certificates
    need tar tar
    apt_install libicu-dev 2>/dev/null || true # the SDK's own tools want ICU; Starling does not
    curl -fsSL https://dot.net/v1/dotnet-install.sh -o /tmp/dotnet-install.$$.sh
    bash /tmp/dotnet-install.$$.sh --channel 10.0 --install-dir "$PWD/.dotnet"
    rm -f /tmp/dotnet-install.$$.sh
    export DOTNET_ROOT="$PWD/.dotnet" PATH="$PWD/.dotnet:$PATH"
    have_sdk || { echo "build.sh: the .NET 10 SDK could not be installed" >&2; exit 1; }
}

# Scripts run in the system's Lua 5.1, which is loaded by this name.
need_lua() {
    /usr/bin/python3 -c 'import ctypes; ctypes.CDLL("liblua5.1.so.0")' 2>/dev/null || ldconfig -p 2>/dev/null | grep -q 'liblua5\.1\.so\.0' \
        || /sbin/ldconfig -p 2>/dev/null | grep -q 'liblua5\.1\.so\.0' || { echo "build.sh: installing liblua5.1-0"; apt_install liblua5.1-0; }
}

ensure_sdk
need_lua
dotnet tool restore >/dev/null

case "$target" in
    Run)
        # The cluster runs in the place of this script, so that Ctrl-C reaches it and nothing else.
        dotnet cake --target=Publish --verbosity=minimal
        exec artifacts/starling/starling cluster up "$@"
        ;;
    Test)
        need redis-server redis-server
        need redis-cli redis-tools
        need redis-benchmark redis-tools
        need openssl openssl
        need node nodejs
        need npm npm
        need_python_module redis python3-redis
        note_io_uring
        rm -f artifacts/tests/summary.txt
        status=0
        dotnet cake --target=Test --verbosity=normal "$@" || status=$?
        if [ -s artifacts/tests/summary.txt ]; then cat artifacts/tests/summary.txt; else status=1; fi
        exit "$status"
        ;;
    Bench)
        need redis-server redis-server
        exec dotnet cake --target=Bench --verbosity=minimal "$@"
        ;;
    *)
        exec dotnet cake --target="$target" --verbosity=minimal "$@"
        ;;
esac
