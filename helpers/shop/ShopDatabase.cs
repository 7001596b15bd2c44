#nullable enable
using System;
using System.Collections.Generic;
using System.Data.Common;
using System.Diagnostics;
using System.Linq;
using System.Threading.Tasks;

/// <summary>One line of a user's orders.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Article">What was ordered.</param>
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

    // By name: a notebook that used its types would show twelve warnings (CS1701), because the package was built against
    // System.Data.Common 8.0. Against DbConnection and the like, it works with any provider.
    private static readonly DbProviderFactory Sqlite = FindProvider("Microsoft.Data.Sqlite", "SqliteFactory");

    private readonly ActivitySource source;
    private readonly Func<double, Task> work;
    private readonly string connectionString = $"Data Source=shop-{Guid.NewGuid():N};Mode=Memory;Cache=Shared;Pooling=False";
    private readonly DbConnection keepAlive; // a database in memory is there as long as a connection to it is open

    /// <summary>Makes the tables and fills them.</summary>
    /// <param name="source">Makes the spans.</param>
    /// <param name="work">Takes the time that a database over the network would take, in units of the shop's pace.</param>
    public ShopDatabase(ActivitySource source, Func<double, Task> work)
    {
        (this.source, this.work) = (source, work);
        keepAlive = Connect();
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
    public async Task<string?> UserNameAsync(int user, bool slowly)
    {
        var names = await QueryAsync("SELECT users", "users", "SELECT name FROM users WHERE id = $id",
            user, row => row.GetString(0), slowly ? 60 : 2);
        return names.FirstOrDefault();
    }

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
            var article = await QueryAsync("SELECT articles", "articles", "SELECT name FROM articles WHERE id = $id",
                order.Article, row => row.GetString(0), 2);
            result.Add(new ShopOrder(order.Id, article[0]));
        }

        return result;
    }

    /// <summary>Closes the database: it is gone then.</summary>
    public void Dispose() => keepAlive.Dispose();

    private Task<List<T>> QueryAsync<T>(string summary, string? table, string sql, int id, Func<DbDataReader, T> read, double time) =>
        ShopTracing.QueryAsync(source, summary, table, sql, async () =>
        {
            await work(time);
            using var connection = Connect(); // one for each query that runs now
            using var command = connection.CreateCommand();
            command.CommandText = sql;
            var parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.Value) = ("$id", id);
            command.Parameters.Add(parameter);
            using var reader = command.ExecuteReader();
            var rows = new List<T>();
            while (reader.Read())
                rows.Add(read(reader));
            return rows;
        });

    private DbConnection Connect()
    {
        var connection = Sqlite.CreateConnection()!;
        connection.ConnectionString = connectionString;
        connection.Open();
        return connection;
    }

    private static DbProviderFactory FindProvider(string assembly, string factory)
    {
        DbProviderFactories.RegisterFactory(assembly, $"{assembly}.{factory}, {assembly}");
        return DbProviderFactories.GetFactory(assembly);
    }
}
