-- TLS in the coroutines of cqueues, in a process that has loaded nothing else.
require "spec.support.scheduler_rows"("cqueues", describe, it)
