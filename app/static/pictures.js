// Each chart is a link to its SVG without this file. With it, a button makes a PNG of it in the browser.
const SCALE = 2

async function asPng (address) {
  const image = new Image()
  image.src = address
  await image.decode()
  const canvas = document.createElement('canvas')
  canvas.width = image.naturalWidth * SCALE
  canvas.height = image.naturalHeight * SCALE
  canvas.getContext('2d').drawImage(image, 0, 0, canvas.width, canvas.height)
  return canvas.toDataURL('image/png')
}

for (const link of document.querySelectorAll('[data-picture]')) {
  const button = document.createElement('button')
  button.type = 'button'
  button.className = 'link-button'
  button.textContent = 'Picture as PNG'
  const answer = document.createElement('span')
  answer.setAttribute('role', 'status')
  link.closest('p').append(' ', button, ' ', answer)
  button.addEventListener('click', async () => {
    try {
      const save = document.createElement('a')
      save.href = await asPng(link.href)
      save.download = `${link.dataset.picture}.png`
      save.click()
      answer.textContent = 'Saved'
    } catch {
      answer.textContent = 'Your browser cannot make it: take the SVG.'
    }
  })
}
