using Xunit;

namespace TracingTutorial.Tests;

/// <summary>
/// Tests of this collection run while no other test does: they change what the whole process shares (what a notebook left
/// open, who listens to all sources).
/// </summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
