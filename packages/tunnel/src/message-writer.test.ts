import { expect, test } from 'vitest'
import { frameTypes } from './frames.ts'
import { MessageWriter } from './message-writer.ts'

const full = Buffer.alloc(64 * 1024, 'x')

function message(writer: MessageWriter, bytes: Buffer): Buffer {
  writer.begin(bytes.length)
  writer.header(frameTypes.data, 1, bytes.length)
  writer.append(bytes)
  return writer.finish() ?? Buffer.alloc(0)
}

test('a message stays as it is until it is released, and then its place is used again', () => {
  const writer = new MessageWriter()
  const first = message(writer, full)
  const copy = Buffer.from(first)
  const others = Array.from({ length: 5 }, () => message(writer, full))
  expect(first.equals(copy)).toBe(true)
  expect(new Set([first, ...others].map(({ buffer }) => buffer)).size).toBe(6)
  writer.release(first)
  expect(message(writer, full).buffer).toBe(first.buffer)
})

test('a place with two messages is free when both are', () => {
  const writer = new MessageWriter()
  const [large, small] = [message(writer, Buffer.alloc(40 * 1024)), message(writer, Buffer.alloc(1000))]
  expect(small.buffer).toBe(large.buffer)
  const behind = message(writer, full)
  writer.release(large)
  expect(message(writer, full).buffer).not.toBe(large.buffer)
  writer.release(small)
  expect(message(writer, full).buffer).toBe(large.buffer)
  expect(behind.buffer).not.toBe(large.buffer)
})

test('what was released while it was being written to is free once another takes its place', () => {
  const writer = new MessageWriter()
  const first = message(writer, full)
  writer.release(first)
  const second = message(writer, full)
  expect(second.buffer).not.toBe(first.buffer)
  expect(message(writer, full).buffer).toBe(first.buffer)
})
