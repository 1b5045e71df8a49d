// The register works without this file. With it, one key answers for a person and moves on to the
// next, and "Everyone came" fills the form in at once, without a way to the server and back.
const register = document.querySelector('[data-register]')
const rows = register ? [...register.querySelectorAll('fieldset')] : []

function answer (row, key) {
  const choice = row.querySelector(`input[data-key="${key}"]`)
  if (!choice) return false
  choice.checked = true
  const next = rows[rows.indexOf(row) + 1]
  const target = next
    ? next.querySelector('input:checked') || next.querySelector('input')
    : document.querySelector('#name_1') || document.querySelector('[data-register] ~ .row-actions button')
  target.focus()
  return true
}

register?.addEventListener('keydown', event => {
  if (event.ctrlKey || event.altKey || event.metaKey) return
  const row = event.target.closest('fieldset')
  if (!event.target.matches('input[type="radio"]')) return
  if (row && answer(row, event.key.toLowerCase())) event.preventDefault()
})

document.querySelector('[data-everyone]')?.addEventListener('click', event => {
  event.preventDefault()
  for (const row of rows) {
    if (!row.querySelector('input:checked')) row.querySelector('input[data-key="a"]').checked = true
  }
  rows[0]?.querySelector('input:checked').focus()
})
