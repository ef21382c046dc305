/** Where the images take their memory from: their own, or one that another thread sees as well. */
export interface Room {
  /** So many bytes of zeros. */
  take(bytes: number): ArrayBufferLike;
}

export const OWN_ROOM: Room = { take: (bytes) => new ArrayBuffer(bytes) };
