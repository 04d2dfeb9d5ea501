/** Two soft notes. A tab that nobody has touched yet may not make a sound: then it stays quiet. */
export function chime(): void {
  const context = new AudioContext()
  const volume = new GainNode(context, { gain: 0.12 })
  volume.connect(context.destination)
  for (const [index, frequency] of [880, 1320].entries()) {
    const at = context.currentTime + index * 0.14
    const note = new OscillatorNode(context, { frequency })
    note.connect(volume)
    note.start(at)
    note.stop(at + 0.5)
  }
  volume.gain.setTargetAtTime(0, context.currentTime + 0.2, 0.15)
  setTimeout(() => void context.close(), 1500)
}
