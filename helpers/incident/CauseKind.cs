#nullable enable

/// <summary>Kinds of causes that make a request slower after a deployment.</summary>
public enum CauseKind
{
    /// <summary>Not answered yet.</summary>
    NotSaid,

    /// <summary>The operation runs as often as before, and each run takes longer by itself.</summary>
    SlowerWork,

    /// <summary>The operation runs once for each item, where once for all would do (N+1).</summary>
    CallPerItem,

    /// <summary>The operation is run again after it has failed.</summary>
    Retries,

    /// <summary>Runs that went on at the same time now wait for each other.</summary>
    NoLongerParallel,

    /// <summary>The operation fails in more pages than before.</summary>
    FailsMoreOften,
}
