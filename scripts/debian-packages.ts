import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

interface Wanted {
  name: string
  /** A file that shows that it is there. */
  file: string
  /** What happens without it. */
  otherwise: string
}

/** What the browser tests and the contract tests like to find; each has a fall-back or a sentence. */
const WANTED: readonly Wanted[] = [
  { name: 'chromium', file: '/usr/bin/chromium', otherwise: 'the Chromium that npm ships is used' },
  {
    name: 'fonts-noto-cjk',
    file: '/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc',
    otherwise: 'Chinese shows as boxes in screenshots; the tests read text and still hold',
  },
  {
    name: 'mosquitto-clients',
    file: '/usr/bin/mosquitto_sub',
    otherwise: 'the contract test uses the command line client of the npm package mqtt',
  },
  {
    name: 'mosquitto',
    file: '/usr/sbin/mosquitto',
    otherwise:
      'the generated files of an external broker are not tried, and the test that stands in their place says so',
  },
  {
    name: 'mbpoll',
    file: '/usr/bin/mbpoll',
    otherwise: 'the register test uses the npm package modbus-serial as the foreign master',
  },
  {
    name: 'libmodbus-dev',
    file: '/usr/include/modbus/modbus.h',
    otherwise: 'the test with boards that somebody else wrote cannot run and says so',
  },
  {
    name: 'gcc',
    file: '/usr/bin/cc',
    otherwise: 'the tests of power cuts and failing disks cannot run and say so',
  },
  {
    name: 'libc6-dev',
    file: '/usr/include/dlfcn.h',
    otherwise: 'the tests of power cuts and failing disks cannot run and say so',
  },
]

/** Installs what is missing when this user may, and says what it did either way. */
export function prepareDebianPackages(say: (line: string) => void): void {
  const missing = WANTED.filter(({ file }) => !existsSync(file))
  if (missing.length === 0) {
    say(`Debian packages: ${WANTED.map(({ name }) => name).join(', ')} are here.`)
    return
  }
  const names = missing.map(({ name }) => name)
  const mayInstall = process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')
  if (mayInstall) {
    say(`Debian packages: installing ${names.join(', ')} …`)
    const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    const options = {
      stdio: ['ignore', 'ignore', 'ignore'] as ['ignore', 'ignore', 'ignore'],
      env: environment,
      timeout: 300_000,
    }
    spawnSync('apt-get', ['update', '-q'], options)
    for (const name of names)
      spawnSync('apt-get', ['install', '-y', '-q', '--no-install-recommends', name], options)
  }
  for (const { name, file, otherwise } of missing) {
    if (existsSync(file)) say(`Debian packages: ${name} was installed.`)
    else
      say(
        `Debian packages: ${name} could not be had (${mayInstall ? 'apt-get failed' : 'apt-get needs root'}); ${otherwise}. To have it: apt-get install ${name}`,
      )
  }
}
