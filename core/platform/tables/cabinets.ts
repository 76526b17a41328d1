import type { Generated } from 'kysely'
import type { TwinPart, TwinStatus } from '#protocol/base/twin-parts.ts'

/** Cabinets, what they reported, what is wanted of them. */
export interface CabinetTables {
  cabinet: {
    cabinetId: string
    partition: number
    nameZh: string
    nameEn: string
    siteZh: string
    siteEn: string
    operator: string
    contact: string
    timeZone: string
    foodClass: string
    createdAtMs: number
    hardware: string | null
    enrolledAtMs: number | null
    revokedAtMs: number | null
    /** Somebody wants new credentials; done when one is issued after this. */
    rotationAskedAtMs: Generated<number | null>
  }
  /** What a cabinet proves itself with. A few may hold at a time while one replaces another. */
  credential: {
    credentialId: string
    cabinetId: string
    kind: 'certificate' | 'password'
    /** SHA-256 of the 256-bit random password, or of the certificate's DER form. */
    proofSha256: string
    serial: string | null
    /** The password in the form of Mosquitto's password file. */
    brokerHash: string | null
    /** Ed25519; signs what the cabinet sends by HTTP. */
    publicKeyPem: string
    cause: 'enrolment' | 'rotation'
    issuedAtMs: number
    expiresAtMs: number | null
    firstUsedAtMs: number | null
    lastUsedAtMs: number | null
    lastAddress: string | null
    /** A newer one is in use: this one is refused from here on. */
    endsAtMs: number | null
    revokedAtMs: number | null
  }
  enrolmentCode: {
    /** The first characters of a code name it and are no secret. */
    handle: string
    /** HMAC-SHA-256 of the rest under a key of this installation. */
    secretMac: string
    cabinetId: string
    createdAtMs: number
    createdBy: string
    expiresAtMs: number
    triesLeft: number
    usedAtMs: number | null
    /** The same key may ask again: the first answer may have been lost. */
    usedByKeySha256: string | null
  }
  /** What the cabinet last said about itself. null: never heard or stale. */
  cabinetReport: {
    cabinetId: string
    linkId: string | null
    boot: number
    firmware: string | null
    helloAtMs: number | null
    lastHeardMs: number | null
    clockSkewMs: number | null
    /** JSON of the shelves behind each door, where there are several. */
    doors: string | null
    /** Bit n: door n. */
    openDoors: Generated<number>
    unlockedDoors: Generated<number>
    isDoorOpen: number | null
    isLocked: number | null
    isLockedOut: number
    isOutOfService: number
    airDeciCelsius: number | null
    airAtMs: number | null
    camera: string | null
    reportedSetpoint: number | null
    reportedVersion: number
    reportedAtMs: number | null
  }
  twin: {
    cabinetId: string
    version: number
    setpointDeciCelsius: number
    lowestDeciCelsius: number
    highestDeciCelsius: number
    /** JSON of `Twin['lockout']`. */
    lockout: string
    planogramVersion: number | null
    isOutOfService: number
    /** JSON of `SellingHours`; null sells always. */
    sellingHours: Generated<string | null>
    /** JSON of `CameraPolicy`; null asks nothing of the camera. */
    cameraPolicy: Generated<string | null>
    /** The version with which the setpoint was last changed; `expectedVersion` of a request is compared to it. */
    setpointVersion: number
    setpointBy: string | null
    setpointAtMs: number | null
    /** When the present document first left for the present link; null while it has not. */
    sentAtMs: number | null
    answeredVersion: number
    answeredStatus: 'applied' | 'rejected' | 'overridden' | null
    answeredReason: string | null
    answeredAtMs: number | null
    /** The newest version whose parts besides the setpoint were answered. */
    partsAnsweredVersion: Generated<number>
  }
  /** Who changed a part of the desired document last, and what the cabinet says of it. */
  twinPart: {
    cabinetId: string
    part: TwinPart
    /** 0: as it was when the cabinet was made. */
    changedVersion: number
    changedBy: string | null
    changeReason: string | null
    changedAtMs: number | null
    answeredVersion: Generated<number>
    status: TwinStatus | null
    /** JSON of what holds at the cabinet. */
    value: string | null
    reason: string | null
    detail: string | null
    answeredAtMs: number | null
  }
  setpointChange: {
    cabinetId: string
    version: number
    setpointDeciCelsius: number
    by: string
    reason: string
    atMs: number
    outcome: 'pending' | 'applied' | 'rejected' | 'overridden' | 'superseded'
  }
  command: {
    commandId: string
    cabinetId: string
    name: string
    args: string
    state: string
    reason: string | null
    detail: string | null
    /** JSON object of figures. */
    result: string | null
    linkId: string | null
    token: string | null
    by: string
    /** The role of the person at that time. */
    role: string | null
    cause: string | null
    createdAtMs: number
    sentAtMs: number | null
    finishedAtMs: number | null
  }
  /** When a command came into each of its states. Append-only. */
  commandStep: { commandId: string; step: number; state: string; reason: string | null; atMs: number }
  alarm: {
    alarmId: string
    cabinetId: string
    kind: string
    /** Which scale or camera of the cabinet; empty where there is only one. */
    subject: string
    state: string
    raisedAtMs: number
    lastAtMs: number
    count: number
    key: string
    /** JSON object of strings and numbers. */
    sentenceValues: string
    acknowledgedBy: string | null
    acknowledgedAtMs: number | null
    clearedAtMs: number | null
    /** Quiet until then, by whoever acknowledged it last. */
    shelvedUntilMs: number | null
    shelvedReason: string | null
  }
  reading: {
    cabinetId: string
    atMs: number
    windowMs: number
    lowest: number
    mean: number
    highest: number
    setpoint: number | null
    compressorOnMs: number
    doorOpenMs: number
  }
  doorInterval: { cabinetId: string; openedAtMs: number; closedAtMs: number | null; sessionId: string | null }
  lockoutInterval: {
    cabinetId: string
    latchedAtMs: number
    cause: string
    clearedAtMs: number | null
    clearedBy: string | null
    clearReason: string | null
    /** How long it had been warm or unseen. */
    sinceMs: Generated<number | null>
    peakDeciCelsius: Generated<number | null>
    goods: Generated<'kept' | 'discarded' | null>
    commandId: Generated<string | null>
  }
  /** Air above the limit for longer than an open door explains. */
  excursion: {
    cabinetId: string
    toldAtMs: number
    beganAtMs: number
    endedAtMs: number | null
    limitDeciCelsius: number
    peakDeciCelsius: number
  }
  probeFault: { cabinetId: string; probe: string; beganAtMs: number; fault: string; endedAtMs: number | null }
  powerMoment: { cabinetId: string; atMs: number; kind: 'lost' | 'restored' | 'started' }
  /** One row a camera that was ever in trouble. null: it sees. */
  cameraReport: { cabinetId: string; camera: string; trouble: string | null; sinceMs: number }
}
