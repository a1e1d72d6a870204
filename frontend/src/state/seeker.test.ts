import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Seeker } from './seeker';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function scene() {
  const asked: number[] = [];
  const replies: ((ok: boolean) => void)[] = [];
  const arrived = vi.fn();
  const seeker = new Seeker((step) => {
    asked.push(step);
    return new Promise((resolve) => replies.push(resolve));
  }, arrived);
  const reply = async (ok = true) => {
    replies.shift()?.(ok);
    await vi.advanceTimersByTimeAsync(0);
  };
  return { seeker, asked, arrived, reply };
}

it('asks for the newest alone while one is under way', async () => {
  const { seeker, asked, arrived, reply } = scene();
  for (const step of [10, 20, 30]) void seeker.to(step);
  expect(asked).toEqual([10]);
  await reply();
  expect(asked).toEqual([10]); // until it has been seen
  seeker.show({ step: 10, status: 'paused' });
  await vi.advanceTimersByTimeAsync(0);
  expect(asked).toEqual([10, 30]);
  expect(arrived).not.toHaveBeenCalled();
  await reply();
  seeker.show({ step: 30, status: 'paused' });
  await vi.advanceTimersByTimeAsync(0);
  expect(arrived).toHaveBeenCalledOnce();
});

it('goes on to the newest where the one before takes long', async () => {
  const { seeker, asked, reply } = scene();
  void seeker.to(10);
  await reply();
  void seeker.to(20);
  seeker.show({ step: 4, status: 'seeking' });
  await vi.advanceTimersByTimeAsync(1000);
  expect(asked).toEqual([10, 20]);
});

it('is under way until the step is there, however long it takes', async () => {
  const { seeker, arrived, reply } = scene();
  void seeker.to(10);
  await reply();
  await vi.advanceTimersByTimeAsync(5000);
  seeker.show({ step: 7, status: 'compiling' });
  expect(arrived).not.toHaveBeenCalled();
  seeker.show({ step: 10, status: 'paused' });
  expect(arrived).toHaveBeenCalledOnce();
});

it.each(['paused', 'playing', 'diverged'] as const)('has ended where it is %s', async (status) => {
  const { seeker, arrived, reply } = scene();
  void seeker.to(10);
  await reply();
  await vi.advanceTimersByTimeAsync(5000);
  seeker.show({ step: 7, status });
  expect(arrived).toHaveBeenCalledOnce();
});

it('is not there yet when a frame comes that was on its way', async () => {
  const { seeker, asked, arrived, reply } = scene();
  void seeker.to(10);
  await reply();
  seeker.show({ step: 400, status: 'paused' });
  await vi.advanceTimersByTimeAsync(0);
  expect(arrived).not.toHaveBeenCalled();
  void seeker.to(20);
  seeker.show({ step: 10, status: 'paused' });
  await vi.advanceTimersByTimeAsync(0);
  expect(asked).toEqual([10, 20]);
});

it('has ended where no other frame comes', async () => {
  const { seeker, arrived, reply } = scene();
  void seeker.to(10);
  await reply();
  seeker.show({ step: 7, status: 'paused' });
  await vi.advanceTimersByTimeAsync(1000);
  expect(arrived).toHaveBeenCalledOnce();
});

it('ends where it is refused', async () => {
  const { seeker, arrived, reply } = scene();
  void seeker.to(10);
  await reply(false);
  expect(arrived).toHaveBeenCalledOnce();
});
