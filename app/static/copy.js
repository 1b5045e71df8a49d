// Texts can be selected and copied without this file. With it, a button beside each does so:
// formatted text goes with its links and headings, and as plain words for where those are not taken.
function contents (source) {
  if (source.value !== undefined) {
    return { 'text/plain': new Blob([source.value], { type: 'text/plain' }) }
  }
  return {
    'text/html': new Blob([source.innerHTML], { type: 'text/html' }),
    'text/plain': new Blob([source.innerText], { type: 'text/plain' })
  }
}

for (const source of document.querySelectorAll('[data-copy]')) {
  if (!navigator.clipboard?.write) break
  const button = document.createElement('button')
  button.type = 'button'
  button.className = 'govuk-button govuk-button--secondary'
  button.textContent = source.dataset.copy.startsWith('the table') ? 'Copy the table' : 'Copy'
  const label = document.querySelector(`label[for="${source.id}"]`)
  button.setAttribute('aria-label', `Copy ${source.dataset.copy || label?.textContent || 'formatted text'}`)
  const answer = document.createElement('span')
  answer.setAttribute('role', 'status')
  const row = document.createElement('p')
  row.className = 'row-actions'
  row.append(button, answer)
  source.after(row)
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.write([new ClipboardItem(contents(source))])
      answer.textContent = 'Copied'
    } catch {
      answer.textContent = 'Your browser does not allow it: select the text and copy it.'
    }
  })
}
