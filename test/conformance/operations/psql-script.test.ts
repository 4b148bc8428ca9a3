import { expect, test } from 'vitest'
import { PsqlScript } from './psql-script.ts'

/** What psql would send, and its commands, with the data behind each COPY. */
function steps(source: string, variables = new Map<string, string>()): string[] {
  const script = new PsqlScript(source, variables)
  const all: string[] = []
  for (let step = script.next(); step !== null; step = script.next()) {
    if (step.kind === 'meta') all.push(`\\${[step.command, ...step.arguments].join(' ')}`)
    else all.push(`${step.line}: ${step.text}${step.by === null ? '' : ` \\${step.by.command}`}`)
    if (step.kind === 'query' && /^copy .* from stdin$/i.test(step.text)) all.push(`data ${JSON.stringify(script.data())}`)
  }
  return all
}

test('a semicolon ends a statement where it stands in nothing else', () => {
  expect(steps(`select ';', E'\\';', ";", $$;$$, $a$;$$;$a$ /* ; /* ; */ ; */ -- ;\n;\n-- x;\nselect (1;2);`)).toEqual([
    `1: select ';', E'\\';', ";", $$;$$, $a$;$$;$a$ /* ; /* ; */ ; */ -- ;\n`,
    '4: select (1;2)',
  ])
  const body = 'create function f() returns int begin atomic select case when true then 1 end; end'
  expect(steps(`${body};select 2`)).toEqual([`1: ${body}`, '1: select 2'])
  expect(steps('begin; select 1\\; select 2; end;')).toEqual(['1: begin', '1: select 1; select 2', '1: end'])
})

test('variables are put in where they are set', () => {
  const variables = new Map([['x', "o'b"]])
  expect(steps(`select :'x', :"x", :y, a[1:2], b::int, ':x';\n\\set z :x '\\n' y\n\\echo :{?x}`, variables)).toEqual([
    `1: select 'o''b', "o'b", :y, a[1:2], b::int, ':x'`,
    "\\set z o'b \n y",
    '\\echo true',
  ])
})

test('only the branch of a condition that holds is run', () => {
  expect(
    steps('\\if false\nselect 1;\n\\elif true\nselect 2;\n\\if off\nselect 3;\n\\endif\n\\else\nselect 4;\n\\endif\nselect 5;'),
  ).toEqual(['4: select 2', '11: select 5'])
})

test('the data of a COPY is no statement, and commands send what was typed', () => {
  expect(steps("copy t from stdin;\n1\t;\n\\.\nselect 1 as a \\gset p_\n\\d t \\\\ select 'x' \\gexec\n")).toEqual([
    '1: copy t from stdin',
    'data "1\\t;\\n"',
    '4: select 1 as a  \\gset',
    '\\d t',
    "5: select 'x'  \\gexec",
  ])
})
