using System;
using System.Collections;
using System.Data.Common;
using System.Globalization;
using System.Linq;
using System.Text.Json;

namespace Microsoft.Data.Sqlite;

/// <summary>The rows of one result, all of them in memory. Integers are <c>long</c>, as in the package.</summary>
public sealed class SqliteDataReader : DbDataReader
{
    private readonly string[] _columns;
    private readonly object[][] _rows;
    private readonly DbConnection? _toClose;
    private int _row = -1;
    private bool _isClosed;

    internal SqliteDataReader(JsonElement answer)
    {
        _columns = [.. answer.GetProperty("columns").EnumerateArray().Select(c => c.GetString()!)];
        _rows = [.. answer.GetProperty("rows").EnumerateArray().Select(row => row.EnumerateArray().Select(Value).ToArray())];
        RecordsAffected = answer.GetProperty("changed").GetInt32();
    }

    internal SqliteDataReader(SqliteDataReader result, DbConnection? toClose)
    {
        (_columns, _rows, _toClose) = (result._columns, result._rows, toClose);
        RecordsAffected = result.RecordsAffected;
    }

    /// <inheritdoc/>
    public override int Depth => 0;

    /// <inheritdoc/>
    public override int FieldCount => _columns.Length;

    /// <inheritdoc/>
    public override bool HasRows => _rows.Length > 0;

    /// <inheritdoc/>
    public override bool IsClosed => _isClosed;

    /// <summary>The number of rows that were changed; -1 for statements that change none.</summary>
    public override int RecordsAffected { get; }

    /// <inheritdoc/>
    public override object this[int ordinal] => GetValue(ordinal);

    /// <inheritdoc/>
    public override object this[string name] => GetValue(GetOrdinal(name));

    /// <inheritdoc/>
    public override bool Read() => ++_row < _rows.Length;

    /// <summary>False: only the first result is kept.</summary>
    public override bool NextResult() => false;

    /// <inheritdoc/>
    public override void Close()
    {
        _isClosed = true;
        _toClose?.Close();
    }

    /// <inheritdoc/>
    public override object GetValue(int ordinal) =>
        _row >= 0 && _row < _rows.Length ? _rows[_row][ordinal] : throw new InvalidOperationException("There is no row here. Call Read first.");

    /// <inheritdoc/>
    public override int GetValues(object[] values)
    {
        var count = Math.Min(values.Length, FieldCount);
        for (var i = 0; i < count; i++)
            values[i] = GetValue(i);
        return count;
    }

    /// <inheritdoc/>
    public override string GetName(int ordinal) => _columns[ordinal];

    /// <inheritdoc/>
    public override int GetOrdinal(string name) => Array.FindIndex(_columns, c => c.Equals(name, StringComparison.OrdinalIgnoreCase)) is >= 0 and var i
        ? i : throw new ArgumentOutOfRangeException(nameof(name), $"There is no column '{name}'.");

    /// <inheritdoc/>
    public override bool IsDBNull(int ordinal) => GetValue(ordinal) is DBNull;

    /// <inheritdoc/>
    public override Type GetFieldType(int ordinal) => _row >= 0 && _row < _rows.Length ? GetValue(ordinal).GetType() : typeof(object);

    /// <inheritdoc/>
    public override string GetDataTypeName(int ordinal) => GetFieldType(ordinal).Name switch
    {
        nameof(Int64) => "INTEGER",
        nameof(Double) => "REAL",
        nameof(String) => "TEXT",
        _ => "BLOB",
    };

    /// <inheritdoc/>
    public override bool GetBoolean(int ordinal) => GetInt64(ordinal) != 0;

    /// <inheritdoc/>
    public override byte GetByte(int ordinal) => checked((byte)GetInt64(ordinal));

    /// <inheritdoc/>
    public override short GetInt16(int ordinal) => checked((short)GetInt64(ordinal));

    /// <inheritdoc/>
    public override int GetInt32(int ordinal) => checked((int)GetInt64(ordinal));

    /// <inheritdoc/>
    public override long GetInt64(int ordinal) => Convert.ToInt64(GetValue(ordinal), CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    public override float GetFloat(int ordinal) => (float)GetDouble(ordinal);

    /// <inheritdoc/>
    public override double GetDouble(int ordinal) => Convert.ToDouble(GetValue(ordinal), CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    public override decimal GetDecimal(int ordinal) => Convert.ToDecimal(GetValue(ordinal), CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    public override string GetString(int ordinal) => GetValue(ordinal) is var value and not DBNull
        ? Convert.ToString(value, CultureInfo.InvariantCulture)! : throw new InvalidCastException($"The value of column {ordinal} is NULL.");

    /// <inheritdoc/>
    public override char GetChar(int ordinal) => GetString(ordinal)[0];

    /// <inheritdoc/>
    public override Guid GetGuid(int ordinal) => Guid.Parse(GetString(ordinal));

    /// <inheritdoc/>
    public override DateTime GetDateTime(int ordinal) => DateTime.Parse(GetString(ordinal), CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    public override long GetBytes(int ordinal, long dataOffset, byte[]? buffer, int bufferOffset, int length) =>
        Copy((byte[])GetValue(ordinal), dataOffset, buffer, bufferOffset, length);

    /// <inheritdoc/>
    public override long GetChars(int ordinal, long dataOffset, char[]? buffer, int bufferOffset, int length) =>
        Copy(GetString(ordinal).ToCharArray(), dataOffset, buffer, bufferOffset, length);

    /// <inheritdoc/>
    public override IEnumerator GetEnumerator() => new DbEnumerator(this);

    private static long Copy<T>(T[] from, long offset, T[]? to, int at, int length)
    {
        if (to is null)
            return from.Length;
        var count = Math.Min(length, from.Length - (int)offset);
        Array.Copy(from, offset, to, at, count);
        return count;
    }

    // The tags keep SQLite's types apart: an integer is no floating-point number (sqlite.js).
    private static object Value(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.Number => value.GetDouble(),
        JsonValueKind.Object when value.TryGetProperty("i", out var integer) => long.Parse(integer.GetString()!, CultureInfo.InvariantCulture),
        JsonValueKind.Object => value.GetProperty("b").GetBytesFromBase64(),
        _ => DBNull.Value,
    };
}
