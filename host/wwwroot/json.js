// JSON of messages and of kept work. A string with half a surrogate pair, which a learner can type, is no string for most readers of
// JSON. It is written as an object with its code units, little-endian, in base64 (course/Runs/Messages.md).
const textOf = units => {
  let text = '';
  for (let i = 0; i < units.length; i += 8192) text += String.fromCharCode(...units.subarray(i, i + 8192)); // so many arguments at most
  return text;
};
const toBase64 = text => btoa(textOf(new Uint8Array(Uint16Array.from({ length: text.length }, (_, i) => text.charCodeAt(i)).buffer)));
const fromBase64 = base64 => textOf(new Uint16Array(Uint8Array.from(atob(base64), c => c.charCodeAt(0)).buffer));
const encode = (_, value) => typeof value === 'string' && !value.isWellFormed() ? { utf16: toBase64(value) } : value;
const decode = (_, value) => typeof value?.utf16 === 'string' ? fromBase64(value.utf16) : value;

export const toJson = (value, space) => JSON.stringify(value, encode, space);
export const fromJson = text => JSON.parse(text, text.includes('"utf16":') ? decode : undefined);
