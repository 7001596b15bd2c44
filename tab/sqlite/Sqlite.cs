using System;
using System.Data;
using System.Data.Common;
using System.Runtime.InteropServices.JavaScript;
using System.Runtime.Versioning;

[assembly: SupportedOSPlatform("browser")]

namespace Microsoft.Data.Sqlite;

/// <summary>SQLite itself: sql.js, called synchronously (sqlite.js).</summary>
internal static partial class SqlJs
{
    /// <summary>Opens a database in memory. Databases of the same name are one database.</summary>
    [JSImport("open", "sqlite")]
    public static partial void Open(string name);

    /// <summary>Closes one connection. The database ends with its last connection.</summary>
    [JSImport("close", "sqlite")]
    public static partial void Close(string name);

    /// <summary>Runs statements. Returns rows as JSON, or an error; the format is in sqlite.js.</summary>
    [JSImport("query", "sqlite")]
    public static partial string Query(string name, string sql, string parameters);
}

/// <summary>Makes connections. This is what <c>DbProviderFactory</c> asks a provider for.</summary>
public sealed class SqliteFactory : DbProviderFactory
{
    /// <summary>The only instance.</summary>
    public static readonly SqliteFactory Instance = new();

    private SqliteFactory()
    {
    }

    /// <inheritdoc/>
    public override DbConnection CreateConnection() => new SqliteConnection();

    /// <inheritdoc/>
    public override DbCommand CreateCommand() => new SqliteCommand();

    /// <inheritdoc/>
    public override DbParameter CreateParameter() => new SqliteParameter();
}

/// <summary>An error that SQLite reports.</summary>
/// <param name="message">SQLite's own message.</param>
/// <param name="errorCode">SQLite's result code; 1 is a general error.</param>
public sealed class SqliteException(string message, int errorCode) : DbException(message)
{
    /// <summary>SQLite's result code.</summary>
    public int SqliteErrorCode => errorCode;
}

/// <summary>A connection to a database in memory. Files, transactions and pooling are not supported in a browser tab.</summary>
public sealed class SqliteConnection : DbConnection
{
    private ConnectionState _state;
    private string _connectionString = "";

    /// <summary>A closed connection without a connection string.</summary>
    public SqliteConnection()
    {
    }

    /// <summary>A closed connection.</summary>
    public SqliteConnection(string connectionString) => ConnectionString = connectionString;

    /// <inheritdoc/>
    [System.Diagnostics.CodeAnalysis.AllowNull]
    public override string ConnectionString
    {
        get => _connectionString;
        set => _connectionString = value ?? "";
    }

    /// <inheritdoc/>
    public override string Database => "main";

    /// <inheritdoc/>
    public override string DataSource =>
        new DbConnectionStringBuilder { ConnectionString = ConnectionString }.TryGetValue("Data Source", out var name) ? $"{name}" : "";

    /// <inheritdoc/>
    public override string ServerVersion => "3";

    /// <inheritdoc/>
    public override ConnectionState State => _state;

    /// <inheritdoc/>
    public override void Open()
    {
        if (_state == ConnectionState.Open)
            return;
        SqlJs.Open(DataSource);
        _state = ConnectionState.Open;
    }

    /// <inheritdoc/>
    public override void Close()
    {
        if (_state == ConnectionState.Open)
            SqlJs.Close(DataSource);
        _state = ConnectionState.Closed;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            Close();
        base.Dispose(disposing);
    }

    /// <inheritdoc/>
    public override void ChangeDatabase(string databaseName) => throw new NotSupportedException("A connection has one database.");

    /// <inheritdoc/>
    protected override DbTransaction BeginDbTransaction(IsolationLevel isolationLevel) =>
        throw new NotSupportedException("SQLite in a browser tab has no transactions. Run the statements without one.");

    /// <inheritdoc/>
    protected override DbCommand CreateDbCommand() => new SqliteCommand { Connection = this };
}
