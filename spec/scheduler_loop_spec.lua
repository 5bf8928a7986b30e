-- TLS in the coroutines of our own loop.
require "spec.support.scheduler_rows"("coroutine", describe, it)
