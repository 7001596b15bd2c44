#nullable enable

/// <summary>What can be broken in a shop.</summary>
public sealed class ShopFaults
{
    /// <summary>The query for the user takes thirty times as long.</summary>
    public bool SlowQuery { get; set; }

    /// <summary>user-service loads the article of each order in a query of its own.</summary>
    public bool NPlusOne { get; set; }

    /// <summary>The share of users, 0 to 1, whose payments fail. They are the same users each time.</summary>
    public double FailingPayments { get; set; }

    /// <summary>api-gateway sends a request to payment-service again when it is answered with 5xx, up to three times.</summary>
    public bool RetryPayments { get; set; }

    /// <summary>payment-service cannot be reached.</summary>
    public bool PaymentDown { get; set; }

    /// <summary>api-gateway sends no <c>traceparent</c>.</summary>
    public bool NoPropagation { get; set; }

    /// <summary>What a version of the services does wrong; everything else stays as it is.</summary>
    internal void Deploy(string version) => NPlusOne = RetryPayments = version == "1.5.0";

    // Multiples of the golden ratio spread evenly between 0 and 1, so any share of the users is met closely.
    internal bool FailsFor(int userId) => userId * 0.6180339887498949 % 1 < FailingPayments;
}
