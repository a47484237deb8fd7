// ioredis-failover.mjs PORT...: fills a cluster, says "filled", waits for a line (a master was killed meanwhile), then reads and writes
// every key again, relying on the library alone to find the new master; says "recovered". Exit code 1 on a wrong value.
import { createInterface } from 'node:readline';
import Redis from 'ioredis';

const keys = 1000;
const ports = process.argv.slice(2).map(Number);
const cluster = new Redis.Cluster(ports.map((port) => ({ host: '127.0.0.1', port })), {
  clusterRetryStrategy: (times) => Math.min(100 * times, 1000),
  retryDelayOnFailover: 200,
  retryDelayOnClusterDown: 200,
  maxRedirections: 100,
});
cluster.on('error', (error) => console.error(`ioredis: ${error.message}`));

async function everyKey(use) {
  for (let i = 0; i < keys; i += 50) {
    await Promise.all(Array.from({ length: 50 }, (_, j) => use(`io:${i + j}`, `value ${i + j}`)));
  }
}

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

await everyKey((key, value) => cluster.set(key, value));
console.log('filled');
await lines.next();
await everyKey(async (key, value) => {
  const found = await cluster.get(key);
  if (found !== value) {
    console.error(`${key} is ${found}`);
    process.exit(1);
  }
  await cluster.set(key, value);
});
console.log('recovered');
await cluster.quit();
process.exit(0);
