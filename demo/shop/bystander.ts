/** Belongs to the shop and serves nobody. Freezing it is the placebo: an honest experiment finds nothing. */
import { serve } from './service.ts'

serve(async () => ({ status: 200, body: { serves: 'nobody' } }))
