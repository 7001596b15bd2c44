#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading.Tasks;
using Microsoft.Data.Sqlite;

/// <summary>One line of a user's orders.</summary>
public sealed record ShopOrder(int Id, string Article);

/// <summary>
/// The database of user-service: SQLite in memory, one of its own for each shop, with the same data every
/// time. Each query is a span.
/// </summary>
public sealed class ShopDatabase : IDisposable
{
    private static readonly string[] Users =
    [
        "Ada", "Bruno", "Chen", "Dora", "Emil", "Fatima", "Grace", "Hiro", "Ines", "Jonas",
        "Kofi", "Lena", "Mateo", "Nadia", "Omar", "Petra", "Quinn", "Rosa", "Sven", "Tara",
    ];

    private static readonly string[] Articles =
        ["lamp", "kettle", "chair", "desk", "mug", "rug", "clock", "shelf", "mirror", "plant", "vase", "frame"];

    private readonly ActivitySource source;
    private readonly Func<double, Task> work;
    private readonly string connectionString = $"Data Source=shop-{Guid.NewGuid():N};Mode=Memory;Cache=Shared";
    private readonly SqliteConnection keepAlive; // a database in memory is there as long as a connection to it is open

    /// <param name="source">Makes the spans.</param>
    /// <param name="work">Takes the time that a database over the network would take, in units of the shop's pace.</param>
    public ShopDatabase(ActivitySource source, Func<double, Task> work)
    {
        (this.source, this.work) = (source, work);
        keepAlive = new SqliteConnection(connectionString);
        keepAlive.Open();
        using var seed = keepAlive.CreateCommand();
        seed.CommandText = $"""
            CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
            CREATE TABLE articles (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
            CREATE TABLE orders (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL, article_id INTEGER NOT NULL);
            CREATE INDEX orders_by_user ON orders (user_id);
            INSERT INTO users VALUES {string.Join(",", Users.Select((name, i) => $"({i + 1}, '{name}')"))};
            INSERT INTO articles VALUES {string.Join(",", Articles.Select((name, i) => $"({i + 1}, '{name}')"))};
            INSERT INTO orders (user_id, article_id) VALUES {string.Join(",", Users.SelectMany((_, i) => Orders(i + 1)))};
            """;
        seed.ExecuteNonQuery();

        // From 4 to 9 orders for each user.
        static IEnumerable<string> Orders(int user) =>
            Enumerable.Range(0, OrderCount(user)).Select(i => $"({user}, {(user * 5 + i * 7) % Articles.Length + 1})");
    }

    /// <summary>The users are 1 to this number.</summary>
    public static int UserCount => Users.Length;

    /// <summary>How many orders a user has: with the N+1 fault, this many queries more.</summary>
    public static int OrderCount(int user) => 4 + user * 5 % 6;

    /// <summary>Null if there is no such user.</summary>
    public async Task<string?> UserNameAsync(int user, bool slowly) =>
        (await QueryAsync("SELECT users", "users", "SELECT name FROM users WHERE id = $id", user, row => row.GetString(0), slowly ? 60 : 2)).FirstOrDefault();

    /// <summary>The orders and their articles in one query.</summary>
    public Task<List<ShopOrder>> OrdersAsync(int user) =>
        QueryAsync("SELECT orders articles", null, """
            SELECT orders.id, articles.name
            FROM orders JOIN articles ON articles.id = orders.article_id
            WHERE orders.user_id = $id
            ORDER BY orders.id
            """, user, row => new ShopOrder(row.GetInt32(0), row.GetString(1)), 3);

    /// <summary>The same answer from one query for the orders and one more for each of them: "N+1 queries".</summary>
    public async Task<List<ShopOrder>> OrdersOneByOneAsync(int user)
    {
        var orders = await QueryAsync("SELECT orders", "orders", "SELECT id, article_id FROM orders WHERE user_id = $id ORDER BY id",
            user, row => (Id: row.GetInt32(0), Article: row.GetInt32(1)), 2);
        var result = new List<ShopOrder>();
        foreach (var order in orders)
        {
            var article = await QueryAsync("SELECT articles", "articles", "SELECT name FROM articles WHERE id = $id", order.Article, row => row.GetString(0), 2);
            result.Add(new ShopOrder(order.Id, article[0]));
        }

        return result;
    }

    public void Dispose()
    {
        SqliteConnection.ClearPool(keepAlive);
        keepAlive.Dispose();
    }

    /// <param name="summary">Names the span: the operation and its tables, but no values (semantic conventions, <c>db.query.summary</c>).</param>
    /// <param name="table">The one table that is read; null if there are several.</param>
    private async Task<List<T>> QueryAsync<T>(string summary, string? table, string sql, int id, Func<SqliteDataReader, T> read, double time)
    {
        // The attributes are given at the start, because a sampler sees only those. The query text holds $id, not its value.
        using var activity = source.StartActivity(summary, ActivityKind.Client, parentContext: default, tags:
        [
            new("db.system.name", "sqlite"), new("db.namespace", "shop"), new("db.operation.name", "SELECT"),
            new("db.query.summary", summary), new("db.query.text", sql),
        ]);
        if (table is not null)
            activity?.SetTag("db.collection.name", table);

        try
        {
            await work(time);
            using var connection = new SqliteConnection(connectionString); // from a pool: one for each query that runs now
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = sql;
            command.Parameters.AddWithValue("$id", id);
            using var reader = command.ExecuteReader();
            var rows = new List<T>();
            while (reader.Read())
                rows.Add(read(reader));
            return rows;
        }
        catch (SqliteException e)
        {
            activity?.SetTag("db.response.status_code", $"{e.SqliteErrorCode}").SetTag("error.type", $"{e.SqliteErrorCode}").SetStatus(ActivityStatusCode.Error, e.Message);
            throw;
        }
    }
}
