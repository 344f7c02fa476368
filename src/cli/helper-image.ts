/** `squall helper-image`: makes the image of helper containers from this machine's programs and brings it into the engine; nothing is pulled. */
import { openEngine } from '../faults/container/engine.ts'
import { helperImages, makeImage, removeImage } from '../faults/container/helper/image.ts'
import type { Command } from './context.ts'

const helperImage: Command<{ remove?: boolean }> = async (_args, { remove }, context) => {
  const engine = openEngine()
  const at = engine.address.url
  if (remove) {
    const images = await helperImages(engine)
    for (const image of images) await removeImage(engine, image)
    if (context.json) context.out(JSON.stringify({ schema: 'squall.helper-image/1', engine: at, removed: images }, null, 2))
    else
      context.out(
        images.length === 0 ? `no image of helpers is at ${at}` : images.map((image) => `${image}: removed from ${at}`).join('\n'),
      )
    return 0
  }
  context.err(`making the image from programs of this machine, for ${at} …`)
  const { image, bytes } = await makeImage(engine)
  if (context.json)
    context.out(
      JSON.stringify({ schema: 'squall.helper-image/1', engine: at, image, made: bytes !== undefined, bytes: bytes ?? null }, null, 2),
    )
  else if (bytes === undefined) context.out(`${image} is at ${at} already`)
  else
    context.out(
      `${image} is at ${at} now, ${Math.round(bytes / 1024 ** 2)} MiB: network, partition, cpu and memory at its containers go by a helper from now on`,
    )
  return 0
}
export default helperImage
