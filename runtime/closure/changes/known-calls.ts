// Which calls of the language change an object, which only read it, and which give a new one.

/** Methods that change the object they are called on. */
const changing = new Set(
  `push pop shift unshift splice sort reverse fill copyWithin set add delete clear setYear swap16 swap32 swap64 copy`.split(' '),
);
const changingForms = /^(?:set[A-Z]|write)/;

/** Methods that give a new object and change none; what is in the old one may be in the new one. */
const renewing = new Set(
  `map filter slice concat flat flatMap split entries keys values toSorted toReversed toSpliced with match matchAll join substring
   toUpperCase toLowerCase trim trimStart trimEnd padStart padEnd repeat replace replaceAll normalize`.split(/\s+/),
);

/** Methods that change nothing and answer what is there already, or a primitive. */
const reading = new Set(
  `at get has find findLast findIndex findLastIndex includes indexOf lastIndexOf some every forEach reduce reduceRight charAt charCodeAt
   codePointAt startsWith endsWith localeCompare next return test exec valueOf hasOwnProperty isPrototypeOf propertyIsEnumerable search
   equals compare byteLength subarray toString toFixed toPrecision toExponential toJSON toISOString toLocaleString description flags`.split(
    /\s+/,
  ),
);
const readingForms = /^(?:get[A-Z]|read[A-Z]|to[A-Z])/;

export type MethodKind = 'changing' | 'renewing' | 'reading' | 'unknown';

export function kindOfMethod(name: string): MethodKind {
  if (changing.has(name) || changingForms.test(name)) return 'changing';
  if (renewing.has(name)) return 'renewing';
  return reading.has(name) || readingForms.test(name) ? 'reading' : 'unknown';
}

/** Global names whose functions change no object that they are given, but for those of `changingStatics`. */
export const globals = new Set(
  `Math JSON Object Array String Number Boolean BigInt Symbol Date RegExp Map Set WeakMap WeakSet Error TypeError RangeError SyntaxError
   Reflect Promise Intl Buffer console parseInt parseFloat isNaN isFinite structuredClone encodeURIComponent decodeURIComponent encodeURI
   decodeURI undefined NaN Infinity Int8Array Uint8Array Uint8ClampedArray Int16Array Uint16Array Int32Array Uint32Array Float32Array
   Float64Array BigInt64Array BigUint64Array ArrayBuffer DataView URL URLSearchParams TextEncoder TextDecoder performance`.split(
    /\s+/,
  ),
);

/** Functions that change their first argument. */
export const changingStatics = new Set(
  `Object.assign Object.defineProperty Object.defineProperties Object.setPrototypeOf Object.freeze Object.seal Object.preventExtensions
   Reflect.set Reflect.defineProperty Reflect.deleteProperty Reflect.setPrototypeOf Reflect.preventExtensions`.split(/\s+/),
);

/** Functions whose answer shares nothing with what they are given. */
export const copyingStatics = /^(?:Math|JSON|Number|String|structuredClone|Boolean|BigInt|parse|is|encode|decode)/;

/** Functions that call one which they are given, as by `Reflect.apply`: what it does is not known here. */
export const callingStatics = new Set(['Reflect.apply', 'Reflect.construct']);

/** Classes whose instances look at the memory of what they are made of. */
export const viewing = /(?:Array|DataView|Buffer)$/;
