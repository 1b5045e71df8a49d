// Everything works without this file; it starts the GOV.UK components where they are on the page.
import { initAll } from './vendor/govuk/govuk-frontend.min.js'

initAll()

// A survey's first screen gets an address of its own, so that a phone's own Back leads to it again.
const survey = document.querySelector('.survey-form')
if (survey && !location.search) history.replaceState(null, '', survey.getAttribute('action'))
