-- TLS in the coroutines of copas, in a process that has loaded nothing else.
require "spec.support.scheduler_rows"("copas", describe, it)
