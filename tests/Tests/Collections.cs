using System;
using System.Collections.Generic;
using System.Linq;
using TracingTutorial.Tests;
using Xunit;
using Xunit.Sdk;
using Xunit.v3;

[assembly: TestCollectionOrderer(typeof(LessonsFirst))]

namespace TracingTutorial.Tests;

/// <summary>
/// The lessons take longest: they begin first, and everything else runs beside them. What only looks at what they have shown comes last.
/// </summary>
public sealed class LessonsFirst : ITestCollectionOrderer
{
    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> collections)
        where TTestCollection : ITestCollection =>
        [.. collections.OrderBy(c => Is(c, nameof(LessonTests)) ? 0 : Is(c, nameof(ProjectorTests)) ? 2 : 1)];

    private static bool Is(ITestCollection collection, string name) =>
        collection.TestCollectionDisplayName.Contains(name, StringComparison.Ordinal);
}

/// <summary>
/// Tests of this collection run while no other test does: they change what the whole process shares (what a notebook left
/// open, who listens to all sources).
/// </summary>
[CollectionDefinition(nameof(NotParallel), DisableParallelization = true)]
public sealed class NotParallel;

/// <summary>
/// Tests of this collection run one after the other: they start services and sources of the shop's names, and a provider
/// hears every source of a name in the process.
/// </summary>
[CollectionDefinition(nameof(ShopNames))]
public sealed class ShopNames;
