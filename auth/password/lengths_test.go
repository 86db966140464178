package password

// shaCryptLengths are hashes of "p", so many times.
var shaCryptLengths = map[int]string{
	0:   "$6$rounds=1000$abc$noBronbzNMcAtG61/dMHzc1H.fuLjHArF9.wCx8LbkVDMMEuChQCPee28tiPcXHL/CMNpCqo6OPTyoEpoCMsY/",
	1:   "$6$rounds=1000$abc$WEic3hmIHudaXty8flOdyAXDnwnfTTg.e.0RkgL1i5nRf2b6yiL5JvxxAmu2NmePr35LaWdga1Unx54vuHOnA.",
	63:  "$6$rounds=1000$abc$3DjAM2dKs3yzoYBX1X7LJyFDu7iR4kGibk5415OjX27RieCM5gXIRnZnwq4Yd0Z746y3MzKUBkAtqpvBdBSH00",
	64:  "$6$rounds=1000$abc$9DVwuQxfUW3.Mzx5tk5VAUdd3uEpPiqq6s9T0mUrGz9juFwBaalqCk3cWe9yIcOll1SwPNT5WCfHx6dCW09rg.",
	65:  "$6$rounds=1000$abc$hMFKDQ3LoEEaK5I1pxrhR4TlSYqUCjuGVsjqbw8gzWmHIFxS7jdfuAQ04bRN.V7VWNmNwO3BkY7yxlY7J5xFd/",
	128: "$6$rounds=1000$abc$FgAMJ8Uk/KyryyvbCxrBkjF0O50ClrnEPGS5p.AuIVcIAsOdxRW3qtBlSIQ1yHK0YOpSU8gPwR2KxkSQw8DOR/",
	256: "$6$rounds=1000$abc$.WmLvVTbwh8UJdD2XNt7HQyme/3UJW9AhPh929euv/LFOJGCapMW/XvOInVbX9x1P8VNoneSYolZIkxEJzhgM/",
}
