using Xunit;

namespace TracingTutorial.Tests;

/// <summary>
/// Tests of this collection run while no other test does: they change what the whole process shares (what a notebook left
/// open, who listens to all sources).
/// </summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;

/// <summary>
/// Tests of this collection run one after the other: they start services and sources of the shop's names, and a provider
/// hears every source of a name in the process.
/// </summary>
[CollectionDefinition(nameof(ShopNames))]
public sealed class ShopNames;
