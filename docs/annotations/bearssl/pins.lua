---@meta bearssl.pins
-- Made by `make annotations` from the documentation comments.

---Pinned keys: SHA-256 of a SubjectPublicKeyInfo as curl and RFC 7469 write it, `sha256//` and base64. A pin is asked for in addition to the chain, never in its place: one certificate of the verified path must have a pinned key, and one pin must be of none of them, so that there is a way on when a key is lost.
---@class bearssl.pins.module
local module = {}

---The pin of a certificate's key.
---@param certificate bearssl.certificate
---@return string # `"sha256//…"`
function module.of(certificate) end

---Checks a path against a set of pins.
---Raises: if the set is no set of pins
---@param set string[] pins; its fields `backup = false` (no backup is asked for) and `expires` (seconds since the epoch: the set binds up to then)
---@param path bearssl.certificate[] a verified path, the leaf first
---@param now? integer seconds since the epoch
---@return boolean|nil # true
---@return nil|bearssl.error # `pin_mismatch` with the pins of the path
function module.check(set, path, now) end

---Which pins a set must have while a key changes, which to add and which may go. Clients keep a set for up to `max_age`. So the next key's pin must be in the set for that long before the change, and the current key's until that long after it, for those who go back to an old copy of the service.
---Raises: for an unknown, missing or wrong field
---@param plan table `current` and `next`: pins; `change`: when the key changes (seconds since the epoch); `max_age`: seconds for which a client may hold an old set; `backup`: pins of keys kept aside, which stay; `added`: since when the set has had the next key's pin, where it has; `now`
---@return table # `pins` (the set for now), `add` and `add_by` (from then on at the latest it is in the set), `remove` and `remove_after`, `phase`: "before", "prepare", "overlap" or "done", `late` (true before the change where `add_by` has passed, and the pin was not `added` by then: some clients will not know it at the change), `safe_change` (the earliest change where it was added at `added`, or is now). The phases are those of the plan: as long as the key has not changed, its pin stays, whatever the day
function module.rotation(plan) end

return module
