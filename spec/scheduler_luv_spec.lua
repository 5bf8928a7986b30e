-- TLS in the coroutines of luv, in a process that has loaded nothing else.
require "spec.support.scheduler_rows"("luv", describe, it)
