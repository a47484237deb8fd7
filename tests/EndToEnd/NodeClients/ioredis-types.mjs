// ioredis-types.mjs PORT: uses every type by ioredis; exit code 1 when anything is not as it should be.
import assert from 'node:assert/strict';
import Redis from 'ioredis';

const redis = new Redis(Number(process.argv[2]));
redis.on('error', (error) => console.error(`ioredis: ${error.message}`));

assert.equal(await redis.set('io:s', 'value', 'EX', 100), 'OK');
assert.equal(await redis.get('io:s'), 'value');

assert.equal(await redis.hset('io:h', { name: 'ann', age: 7 }), 2);
assert.deepEqual(await redis.hgetall('io:h'), { name: 'ann', age: '7' });
assert.equal(await redis.hincrby('io:h', 'age', 3), 10);

assert.equal(await redis.rpush('io:l', 1, 2, 3), 3);
assert.deepEqual(await redis.lrange('io:l', 0, -1), ['1', '2', '3']);
const waiting = new Redis(Number(process.argv[2]));
const popped = waiting.blpop('io:later', 30);
assert.equal(await redis.rpush('io:later', 'now'), 1);
assert.deepEqual(await popped, ['io:later', 'now']);
await waiting.quit();

assert.equal(await redis.sadd('io:t', 1, 3, 5, 7), 4);
assert.deepEqual((await redis.smembers('io:t')).sort(), ['1', '3', '5', '7']);
const members = [];
for await (const some of redis.sscanStream('io:t')) members.push(...some);
assert.deepEqual(members.sort(), ['1', '3', '5', '7']);

assert.equal(await redis.zadd('io:z', 1, 'one', 2, 'dos', 4, 'quatro', 3, 'three'), 4);
assert.deepEqual(await redis.zrange('io:z', 0, 2, 'WITHSCORES'), ['one', '1', 'dos', '2', 'three', '3']);
assert.equal(await redis.zrank('io:z', 'quatro'), 3);

const id = await redis.xadd('io:x', '*', 'field', 'value');
assert.deepEqual(await redis.xread('COUNT', 1, 'STREAMS', 'io:x', '0'), [['io:x', [[id, ['field', 'value']]]]]);
assert.equal(await redis.xgroup('CREATE', 'io:x', 'group', '0'), 'OK');
assert.equal((await redis.xreadgroup('GROUP', 'group', 'me', 'STREAMS', 'io:x', '>'))[0][1][0][0], id);
assert.equal(await redis.xack('io:x', 'group', id), 1);

assert.equal(await redis.setbit('io:b', 3, 1), 0);
assert.equal(await redis.pfadd('io:p', 'a', 'b'), 1);
assert.equal(await redis.geoadd('io:g', 13.361389, 38.115556, 'Palermo'), 1);

assert.deepEqual(await redis.multi().incr('io:n').hget('io:h', 'name').exec(), [[null, 1], [null, 'ann']]);
const results = await redis.pipeline().set('io:s', 'other').get('io:s').hlen('io:h').exec();
assert.deepEqual(results.map(([, value]) => value), ['OK', 'other', 2]);
const keys = [];
for await (const some of redis.scanStream({ match: 'io:*', count: 3 })) keys.push(...some);
assert.equal(new Set(keys).size, 10);
await redis.quit();
