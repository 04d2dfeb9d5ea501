// What the types of @msgpack/msgpack take from the DOM, which a server is compiled without.
type BufferSource = ArrayBufferView | ArrayBuffer
