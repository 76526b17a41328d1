import '../styles/tokens.css'
import '../styles/base.css'
import './consumer.css'
import './help.css'
import { keepFresh } from './fresh.ts'
import { guardForms } from './forms.ts'
import { sendPictures } from './pictures.ts'
import { attachPictures } from './question.ts'
import { followVisit } from './visit.ts'

/**
 * The pages read and work without this script (core/pages renders every fact and every form). It adds what a phone
 * expects: a button that answers at once, a visit that follows the door, pages that update by themselves.
 */
guardForms()
followVisit()
sendPictures()
attachPictures()
keepFresh()
