// Each test starts processes; more at once than cores only make each other slow.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
