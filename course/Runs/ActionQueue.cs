using System;
using System.Threading.Channels;
using System.Threading.Tasks;

namespace TracingTutorial.Course.Runs;

/// <summary>Takes actions of any thread and does them one after the other, in the order in which they came.</summary>
internal sealed class ActionQueue
{
    private readonly Channel<Action> _actions = Channel.CreateUnbounded<Action>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Action<Exception> _failed;
    private readonly Task _loop;

    /// <param name="failed">Called, in the same order, with an exception that an action has thrown.</param>
    public ActionQueue(Action<Exception> failed)
    {
        _failed = failed;
        _loop = Task.Run(LoopAsync);
    }

    /// <summary>Adds an action. After <see cref="EndAsync"/>, it is dropped.</summary>
    /// <returns>False if it was dropped.</returns>
    public bool Post(Action action) => _actions.Writer.TryWrite(action);

    /// <summary>Does something in its turn, and returns its result; at once, when the queue has ended.</summary>
    public async Task<T> AskAsync<T>(Func<Task<T>> ask)
    {
        var answer = new TaskCompletionSource<Task<T>>(TaskCreationOptions.RunContinuationsAsynchronously);
        return Post(() => answer.SetResult(ask())) ? await await answer.Task : await ask();
    }

    /// <summary>Does what waits, and ends.</summary>
    public Task EndAsync()
    {
        _actions.Writer.TryComplete();
        return _loop;
    }

    private async Task LoopAsync()
    {
        await foreach (var action in _actions.Reader.ReadAllAsync())
        {
            try
            {
                action();
            }
            catch (Exception e)
            {
                _failed(e);
            }
        }
    }
}
