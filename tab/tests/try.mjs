// node try.mjs 'code of a cell' 'code of the next' …: runs cells and prints what they do.
import { launch, open, run, serve, start } from './site.mjs';
const server = await serve(), browser = await launch(), tab = await open(browser, server.url);
try {
    console.log(await start(tab));
    for (const code of process.argv.slice(2)) {
        const result = await run(tab, code, { limit: 60_000 });
        console.log('>', code);
        for (const event of result.events) console.log('  ', JSON.stringify(event).slice(0, 1500));
        if (!result.ended) console.log('  ', JSON.stringify({ broken: result.broken, stopped: result.stopped }));
    }
} catch (e) {
    console.log(String(e).slice(0, 3000));
}
console.log(tab.said.join('\n').slice(0, 6000));
await browser.close();
server.close();
