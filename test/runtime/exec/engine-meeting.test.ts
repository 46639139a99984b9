// Members of a barrier stage whose engine exchanges their messages: each hears of those that left, or called something else.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { EngineMeeting } from '../../../runtime/exec/engine-meeting';
import { decode, encode } from '../../../runtime/wire/codec';
import { errorOf } from '../../helpers/errors';

const test = suite('meetings of an engine');

type Said = readonly unknown[];

/** Member 0 of two; `other` is what member 1 says, round by round. What member 0 said is noted. */
function meeting(...other: Said[]): { readonly own: EngineMeeting; readonly said: Said[] } {
  const said: Said[] = [];
  const own = new EngineMeeting((message) => {
    said.push(decode(message) as Said);
    return [message, encode(other.shift() ?? [])];
  });
  return { own, said };
}

test('messages come in the order of the members', () => {
  const { own } = meeting(['allGather', 'one'], ['barrier', undefined]);
  assert.equal(own.exchange('allGather', 'zero'), ['zero', 'one']);
  own.exchange('barrier', undefined);
});

test('a member that has left, or called something else, is named', async () => {
  const left = await errorOf('BARRIER_FAILED', () => meeting([]).own.exchange('allGather', 0));
  assert.match(left.message, 'task 1 has ended without calling it');
  const other = await errorOf('BARRIER_FAILED', () => meeting(['barrier', undefined]).own.exchange('allGather', 0));
  assert.match(other.message, 'task 1 called barrier meanwhile');
});

test('one that leaves says so until all have left; one that failed says nothing', () => {
  const { own, said } = meeting(['allGather', 1], ['barrier', undefined], []);
  own.leave(true);
  assert.equal(said, [[], [], []]);
  const failed = meeting();
  failed.own.leave(false);
  assert.equal(failed.said, []);
});

test.run();
