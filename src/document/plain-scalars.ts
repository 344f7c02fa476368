/** How an unquoted scalar is read: YAML 1.2 core, except that only numbers written in the plain decimal way become numbers. */

/** null, boolean, a canonical decimal number, or else the text itself. */
export function readPlain(source: string): null | boolean | number | string {
  if (/^(?:|~|null|Null|NULL)$/.test(source)) return null
  if (/^(?:true|True|TRUE)$/.test(source)) return true
  if (/^(?:false|False|FALSE)$/.test(source)) return false
  if (/^-?(?:0|[1-9]\d*)(?:\.\d+)?$/.test(source) && significantDigits(source) <= 15) return Number(source)
  return source
}

function significantDigits(source: string): number {
  return source.replace(/^-?0*\.?0*/, '').replace('.', '').length
}

/** What an older YAML reader, or a number reader, would make of an unquoted text; undefined when all agree that it is text. */
export function trapIn(source: string): string | undefined {
  if (/^(?:on|off|yes|no|y|n)$/i.test(source)) return 'older YAML readers take it for true or false'
  if (/^[-+]?\d[\d_]*(?::[0-5]?\d)+(?:\.\d*)?$/.test(source)) return 'older YAML readers take it for a number to the base 60'
  if (/^\d{4}-\d\d?-\d\d?(?:$|[Tt\s])/.test(source)) return 'older YAML readers take it for a date'
  if (/^[-+]?0\d+$/.test(source)) return 'some YAML readers take it for an octal number'
  if (/^[-+]?0(?:x[\da-f_]+|o[0-7]+|b[01_]+)$/i.test(source)) return 'YAML readers take it for a number to another base'
  if (/^[-+]?\d[\d_]*_[\d_]*(?:\.\d*)?$/.test(source)) return 'older YAML readers take it for a number'
  if (/^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i.test(source) && typeof readPlain(source) === 'string')
    return 'YAML readers take it for a number'
  if (/^[-+]?\.inf$|^\.nan$/i.test(source)) return 'YAML readers take it for infinity or for no number'
  if (source === '=') return 'older YAML readers give it a meaning of its own'
  return undefined
}
