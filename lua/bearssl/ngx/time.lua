-- SPDX-License-Identifier: MIT
-- bearssl.ngx.time: ngx.*'s times. nginx caches the time for each turn of its loop; here it is always what it is.
local time = {}

function time.now()
  return math.floor(require "socket".gettime() * 1000) / 1000
end

function time.time() return os.time() end
function time.update_time() end
function time.today() return os.date "%Y-%m-%d" end
function time.localtime() return os.date "%Y-%m-%d %H:%M:%S" end
function time.utctime() return os.date "!%Y-%m-%d %H:%M:%S" end

local days = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" }
local months = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" }
for i, name in ipairs(months) do months[name] = i end

local function parts(seconds)
  if type(seconds) ~= "number" then error("number argument only", 3) end
  local t = os.date("!*t", math.tointeger(math.floor(seconds)))
  return t, days[t.wday], months[t.month]
end

-- RFC 9110 section 5.6.7
function time.http_time(seconds)
  local t, day, month = parts(seconds)
  return ("%s, %02d %s %04d %02d:%02d:%02d GMT"):format(day, t.day, month, t.year, t.hour, t.min, t.sec)
end

function time.cookie_time(seconds)
  local t, day, month = parts(seconds)
  local year = t.year > 2037 and ("%04d"):format(t.year) or ("%02d"):format(t.year % 100)
  return ("%s, %02d-%s-%s %02d:%02d:%02d GMT"):format(day, t.day, month, year, t.hour, t.min, t.sec)
end

-- Days from 1970-01-01 to a date of the Gregorian calendar.
local function days_to(year, month, day)
  if month <= 2 then year, month = year - 1, month + 12 end
  return 365 * year + year // 4 - year // 100 + year // 400 + (153 * (month - 3) + 2) // 5 + day - 719469
end

local forms = {
  "^%a+, (%d%d) (%a%a%a) (%d%d%d%d) (%d%d):(%d%d):(%d%d)",
  "^%a+, (%d%d)%-(%a%a%a)%-(%d%d) (%d%d):(%d%d):(%d%d)",
}

function time.parse_http_time(value)
  if type(value) ~= "string" then error("string argument only", 2) end
  local day, month, year, hour, min, sec
  for _, form in ipairs(forms) do
    if not day then day, month, year, hour, min, sec = value:match(form) end
  end
  if not day then -- asctime's
    month, day, hour, min, sec, year = value:match "^%a%a%a (%a%a%a) ([ %d]%d) (%d%d):(%d%d):(%d%d) (%d%d%d%d)$"
  end
  if not day or not months[month] then return nil end
  year = tonumber(year) + (#year == 2 and (tonumber(year) < 70 and 2000 or 1900) or 0)
  if tonumber(hour) > 23 or tonumber(min) > 59 or tonumber(sec) > 59 then return nil end
  return days_to(year, months[month], tonumber(day)) * 86400 + hour * 3600 + min * 60 + tonumber(sec)
end

return time
