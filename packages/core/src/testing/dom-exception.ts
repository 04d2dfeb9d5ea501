declare const DOMException: new (message: string, name: string) => Error

/** The error that a browser's interfaces throw; its `name` tells which. */
export function domException(name: string, message: string): Error {
  return new DOMException(message, name)
}
