/** Key of the chains in databases that tests of failing disks write. */
export const DISK_AUDIT_KEY = new Uint8Array(32).fill(9)
