/** The version of the relay's frames. A relay names the one it speaks; a client of another version ends with `protocol-version`. */
export const RELAY_VERSION = 1
