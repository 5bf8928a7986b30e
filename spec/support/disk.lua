-- A disk that fails under a program (disk.c): disk{ below = folder, fail = n, kill = n, no_link = true, no_mask = true,
-- log = path } → "NAME=value …" for its environment.
local top = io.popen "pwd":read "l"
local text, library = top .. "/spec/support/disk.c", top .. "/build/disk.so"

local function make()
  local command = ("[ %s -nt %s ] || { mkdir -p %s && cc -shared -fPIC -O1 -o %s.$$ %s -ldl && mv %s.$$ %s; }"):format(
    library, text, top .. "/build", library, text, library, library)
  assert(os.execute(command))
end

return function(options)
  make()
  local words = { "LD_PRELOAD=" .. library, "ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0" }
  for name, value in pairs(options) do
    words[#words + 1] = ("DISK_%s=%s"):format(name:upper(), value == true and 1 or value)
  end
  return table.concat(words, " ")
end
