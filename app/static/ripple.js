// Everything works without this file; it starts the GOV.UK components where they are on the page.
import { initAll } from './vendor/govuk/govuk-frontend.min.js'

initAll()
