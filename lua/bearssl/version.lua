-- SPDX-License-Identifier: MIT
-- The version, here alone: everything else reads it.
return "0.1.0"
