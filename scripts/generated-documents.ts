import { stringify } from 'yaml'
import { configurationReference } from '#core/config.ts'
import { edgeConfigurationReference } from '#edge/config-reference.ts'
import { anomalyReference } from './anomaly-reference.ts'
import { asyncApiDocument } from './asyncapi.ts'
import { errorReference } from './error-reference.ts'
import { machineReference } from './machine-reference.ts'

/** Documents that are made from code. `npm run docs` writes them; a test compares. */
export const GENERATED_DOCUMENTS: ReadonlyArray<{ file: string; make: () => string | Promise<string> }> = [
  {
    file: 'docs/reference/asyncapi.yaml',
    make: () => stringify(asyncApiDocument(), { lineWidth: 120, aliasDuplicateObjects: false }),
  },
  { file: 'docs/reference/errors.md', make: errorReference },
  { file: 'docs/reference/anomalies.md', make: anomalyReference },
  { file: 'docs/reference/state-machines.md', make: machineReference },
  { file: 'docs/reference/edge-configuration.md', make: edgeConfigurationReference },
  { file: 'docs/reference/core-configuration.md', make: configurationReference },
]
