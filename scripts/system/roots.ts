import path from 'node:path'

export const ROOT = path.resolve(import.meta.dirname, '../..')
export const DEMO_SEED = path.join(ROOT, 'scripts/seed/demo.json')
export const DEMO_CABINET = 'cab-001'
