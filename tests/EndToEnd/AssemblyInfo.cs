// Each test starts a handful of servers; on two cores they would only disturb each other's failure detection.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
