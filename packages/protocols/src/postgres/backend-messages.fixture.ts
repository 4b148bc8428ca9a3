import { ByteWriter } from '../bytes.ts'
import { backend, type Column } from './messages.ts'

function message(tag: number, write?: (writer: ByteWriter) => void): Buffer {
  const writer = new ByteWriter().uint8(tag).int32(0)
  write?.(writer)
  return writer.patchInt32(1, writer.position - 1).take()
}

function copyResponse(tag: number, { binary, formats }: { binary: boolean; formats: readonly number[] }): Buffer {
  return message(tag, (w) => {
    w.uint8(binary ? 1 : 0).uint16(formats.length)
    for (const format of formats) w.int16(format)
  })
}

/** What only a server writes: hoop reads these messages and passes them as they came. */
export const answer = {
  parseComplete: () => message(backend.parseComplete),
  bindComplete: () => message(backend.bindComplete),
  closeComplete: () => message(backend.closeComplete),
  emptyQueryResponse: () => message(backend.emptyQueryResponse),
  noData: () => message(backend.noData),
  portalSuspended: () => message(backend.portalSuspended),
  copyDone: () => message(backend.copyDone),
  commandComplete: (tag: string) => message(backend.commandComplete, (w) => w.cstring(tag)),
  copyInResponse: (format: { binary: boolean; formats: readonly number[] }) => copyResponse(backend.copyInResponse, format),
  copyOutResponse: (format: { binary: boolean; formats: readonly number[] }) => copyResponse(backend.copyOutResponse, format),
  copyBothResponse: (format: { binary: boolean; formats: readonly number[] }) => copyResponse(backend.copyBothResponse, format),
  parameterDescription: (types: readonly number[]) =>
    message(backend.parameterDescription, (w) => {
      w.uint16(types.length)
      for (const type of types) w.uint32(type)
    }),
  rowDescription: (columns: readonly Column[]) =>
    message(backend.rowDescription, (w) => {
      w.uint16(columns.length)
      for (const { name, tableOid, attribute, typeOid, typeSize, typeModifier, format } of columns) {
        w.cstring(name).uint32(tableOid).int16(attribute).uint32(typeOid).int16(typeSize).int32(typeModifier).int16(format)
      }
    }),
  mechanisms: (names: readonly string[]) => {
    const writer = new ByteWriter()
    for (const name of [...names, '']) writer.cstring(name)
    return writer.take()
  },
} as const
