using System;
using System.Collections;
using System.Collections.Generic;
using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.IO;
using System.Text;
using System.Text.Json;

namespace Microsoft.Data.Sqlite;

/// <summary>Statements and their parameters.</summary>
public sealed class SqliteCommand : DbCommand
{
    private readonly SqliteParameterCollection _parameters = new();
    private string _text = "";

    /// <inheritdoc/>
    [AllowNull]
    public override string CommandText
    {
        get => _text;
        set => _text = value ?? "";
    }

    /// <inheritdoc/>
    public override int CommandTimeout { get; set; } = 30;

    /// <inheritdoc/>
    public override CommandType CommandType { get; set; } = CommandType.Text;

    /// <inheritdoc/>
    public override bool DesignTimeVisible { get; set; }

    /// <inheritdoc/>
    public override UpdateRowSource UpdatedRowSource { get; set; }

    /// <inheritdoc/>
    protected override DbConnection? DbConnection { get; set; }

    /// <inheritdoc/>
    protected override DbParameterCollection DbParameterCollection => _parameters;

    /// <inheritdoc/>
    protected override DbTransaction? DbTransaction { get; set; }

    /// <summary>Has no effect: statements run to their end before anything else runs.</summary>
    public override void Cancel()
    {
    }

    /// <summary>Has no effect: each execution prepares the statement.</summary>
    public override void Prepare()
    {
    }

    /// <inheritdoc/>
    public override int ExecuteNonQuery() => Run().RecordsAffected;

    /// <inheritdoc/>
    public override object? ExecuteScalar()
    {
        using var reader = Run();
        return reader.Read() && reader.FieldCount > 0 ? reader.GetValue(0) : null;
    }

    /// <inheritdoc/>
    protected override DbParameter CreateDbParameter() => new SqliteParameter();

    /// <inheritdoc/>
    protected override DbDataReader ExecuteDbDataReader(CommandBehavior behavior) =>
        new SqliteDataReader(Run(), behavior.HasFlag(CommandBehavior.CloseConnection) ? Connection : null);

    private SqliteDataReader Run()
    {
        if (Connection is not { State: ConnectionState.Open } connection)
            throw new InvalidOperationException("The connection is not open.");
        using var answer = JsonDocument.Parse(SqlJs.Query(connection.DataSource, CommandText, ParametersAsJson()));
        var root = answer.RootElement;
        if (root.TryGetProperty("error", out var error))
        {
            var code = root.GetProperty("code").GetInt32();
            throw new SqliteException($"SQLite Error {code}: '{error.GetString()}'.", code);
        }

        return new SqliteDataReader(root);
    }

    private string ParametersAsJson()
    {
        using var json = new MemoryStream();
        using (var writer = new Utf8JsonWriter(json))
        {
            writer.WriteStartObject();
            foreach (DbParameter parameter in _parameters)
            {
                writer.WritePropertyName(parameter.ParameterName.StartsWith('$') || parameter.ParameterName.StartsWith('@')
                    || parameter.ParameterName.StartsWith(':') ? parameter.ParameterName : "$" + parameter.ParameterName);
                Write(writer, parameter.Value);
            }

            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(json.ToArray());
    }

    private static void Write(Utf8JsonWriter writer, object? value)
    {
        switch (value)
        {
            case null or DBNull:
                writer.WriteNullValue();
                break;
            case double or float or Half:
                writer.WriteNumberValue(Convert.ToDouble(value, CultureInfo.InvariantCulture));
                break;
            case bool or byte or sbyte or short or ushort or int or uint or long or Enum:
                Tagged("i", Convert.ToInt64(value, CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture));
                break;
            case byte[] bytes:
                Tagged("b", Convert.ToBase64String(bytes));
                break;
            default:
                writer.WriteStringValue(Convert.ToString(value, CultureInfo.InvariantCulture));
                break;
        }

        void Tagged(string tag, string text)
        {
            writer.WriteStartObject();
            writer.WriteString(tag, text);
            writer.WriteEndObject();
        }
    }
}

/// <summary>A value for a name in a statement.</summary>
public sealed class SqliteParameter : DbParameter
{
    /// <inheritdoc/>
    public override DbType DbType { get; set; } = DbType.String;

    /// <inheritdoc/>
    public override ParameterDirection Direction { get; set; } = ParameterDirection.Input;

    /// <inheritdoc/>
    public override bool IsNullable { get; set; }

    /// <inheritdoc/>
    [AllowNull]
    public override string ParameterName { get; set; } = "";

    /// <inheritdoc/>
    public override int Size { get; set; }

    /// <inheritdoc/>
    [AllowNull]
    public override string SourceColumn { get; set; } = "";

    /// <inheritdoc/>
    public override bool SourceColumnNullMapping { get; set; }

    /// <inheritdoc/>
    public override object? Value { get; set; }

    /// <inheritdoc/>
    public override void ResetDbType() => DbType = DbType.String;
}

/// <summary>The parameters of a command.</summary>
public sealed class SqliteParameterCollection : DbParameterCollection
{
    private readonly List<DbParameter> _all = [];

    /// <inheritdoc/>
    public override int Count => _all.Count;

    /// <inheritdoc/>
    public override object SyncRoot => ((ICollection)_all).SyncRoot;

    /// <summary>Adds a parameter and returns it.</summary>
    public SqliteParameter AddWithValue(string name, object? value)
    {
        var parameter = new SqliteParameter { ParameterName = name, Value = value };
        _all.Add(parameter);
        return parameter;
    }

    /// <inheritdoc/>
    public override int Add(object value)
    {
        _all.Add((DbParameter)value);
        return _all.Count - 1;
    }

    /// <inheritdoc/>
    public override void AddRange(Array values)
    {
        foreach (var value in values)
            Add(value!);
    }

    /// <inheritdoc/>
    public override void Clear() => _all.Clear();

    /// <inheritdoc/>
    public override bool Contains(object value) => _all.Contains((DbParameter)value);

    /// <inheritdoc/>
    public override bool Contains(string value) => IndexOf(value) >= 0;

    /// <inheritdoc/>
    public override void CopyTo(Array array, int index) => ((ICollection)_all).CopyTo(array, index);

    /// <inheritdoc/>
    public override IEnumerator GetEnumerator() => _all.GetEnumerator();

    /// <inheritdoc/>
    public override int IndexOf(object value) => _all.IndexOf((DbParameter)value);

    /// <inheritdoc/>
    public override int IndexOf(string parameterName) => _all.FindIndex(p => p.ParameterName == parameterName);

    /// <inheritdoc/>
    public override void Insert(int index, object value) => _all.Insert(index, (DbParameter)value);

    /// <inheritdoc/>
    public override void Remove(object value) => _all.Remove((DbParameter)value);

    /// <inheritdoc/>
    public override void RemoveAt(int index) => _all.RemoveAt(index);

    /// <inheritdoc/>
    public override void RemoveAt(string parameterName) => _all.RemoveAt(IndexOf(parameterName));

    /// <inheritdoc/>
    protected override DbParameter GetParameter(int index) => _all[index];

    /// <inheritdoc/>
    protected override DbParameter GetParameter(string parameterName) => _all[IndexOf(parameterName)];

    /// <inheritdoc/>
    protected override void SetParameter(int index, DbParameter value) => _all[index] = value;

    /// <inheritdoc/>
    protected override void SetParameter(string parameterName, DbParameter value) => _all[IndexOf(parameterName)] = value;
}
