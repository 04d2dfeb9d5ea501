/** The longest topic or pattern, in UTF-8 bytes. */
export const MAX_TOPIC_BYTES = 512
/** The most levels a topic or pattern may have. */
export const MAX_TOPIC_LEVELS = 32
