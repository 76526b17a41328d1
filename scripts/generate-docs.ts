import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { GENERATED_DOCUMENTS } from './generated-documents.ts'
import { ROOT } from './system.ts'

for (const { file, make } of GENERATED_DOCUMENTS) {
  writeFileSync(path.join(ROOT, file), await make())
  process.stderr.write(`${file}\n`)
}
